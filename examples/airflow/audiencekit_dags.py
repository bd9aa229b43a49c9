"""Two DAGs for Apache Airflow 3: a run at night, and a refresh every hour.

The commands run where the tasks do. Set AUDIENCEKIT_HOME, AUDIENCEKIT_LANDING and AUDIENCEKIT_WEBHOOK_SECRET there.
"""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

SETTINGS = {
    "start_date": datetime(2026, 1, 1),
    "catchup": False,
    # One at a time: a refresh has everything since the build.
    "max_active_runs": 1,
}
RETRY = {"retries": 2, "retry_delay": timedelta(minutes=5)}

with DAG("audiencekit_run", schedule="30 2 * * *", default_args=RETRY, **SETTINGS) as run_dag:
    BashOperator(
        task_id="run",
        bash_command='audiencekit run "$AUDIENCEKIT_LANDING"',
        append_env=True,
    )

# Not in the hours of the run: a refresh does not wait for it.
with DAG(
    "audiencekit_refresh", schedule="5 4-23 * * *", default_args=RETRY, **SETTINGS
) as refresh_dag:
    BashOperator(
        task_id="refresh",
        bash_command='audiencekit refresh "$AUDIENCEKIT_LANDING"',
        append_env=True,
    )
