"""The one exception for what a user can fix."""


class UserError(Exception):
    """Something in the user's data, settings or command is wrong.

    The message says what happened, where, and what to do next, in one or two lines. The command
    line prints it without a traceback and exits with 1.
    """
