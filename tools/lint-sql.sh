#!/usr/bin/env bash
# Lints the SQL of models and singular tests: all of it, or with --changed what differs from main. sqlfluff compiles the
# dbt project in a workspace of its own, so that it neither waits for a build nor leaves a warehouse behind. Its output
# is shown only when it finds something.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
files=(models tests/singular)
if [ "${1:-}" = --changed ]; then
    base=$(git merge-base HEAD main 2>/dev/null || echo HEAD)
    mapfile -t files < <(
        {
            git diff --name-only --diff-filter=d "$base"
            git ls-files --others --exclude-standard
        } | grep -E '^(models|tests/singular)/.*\.sql$' | sort -u
    )
    [ ${#files[@]} -gt 0 ] || exit 0
fi
AUDIENCEKIT_HOME=$(mktemp -d)
export AUDIENCEKIT_HOME
trap 'rm -rf "$AUDIENCEKIT_HOME"' EXIT
.venv/bin/sqlfluff lint --processes 0 --disable-progress-bar "${files[@]}" >"$AUDIENCEKIT_HOME/lint.log" 2>&1 || {
    cat "$AUDIENCEKIT_HOME/lint.log"
    exit 1
}
