#!/usr/bin/env bash
# Lints the SQL of models and singular tests: all of it, or with --changed what differs from main. One sqlfluff per core,
# each with a workspace of its own: it neither waits for a build nor leaves a warehouse behind. Output is shown only when
# something is found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
changed() {
    git diff --name-only --diff-filter=d "$(git merge-base HEAD main 2>/dev/null || echo HEAD)"
    git ls-files --others --exclude-standard
}
all() {
    find models tests/singular -type f
}
if [ "${1:-}" = --changed ]; then list=changed; else list=all; fi
mapfile -t files < <($list | grep -E '^(models|tests/singular)/.*\.sql$' | grep -vxFf .sqlfluffignore | sort -u)
cores=$(nproc 2>/dev/null || echo 2)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

lint() { # every cores-th file, from the one numbered $1
    mkdir -p "$folder/$1"
    printf '%s\n' "${files[@]}" | awk -v cores="$cores" -v first="$1" 'NR % cores == first' |
        AUDIENCEKIT_HOME="$folder/$1" DBT_TARGET_PATH="$folder/$1/target" DBT_LOG_PATH="$folder/$1/logs" \
            xargs -r .venv/bin/sqlfluff lint --disable-progress-bar >"$folder/$1/lint.log" 2>&1 ||
        { cat "$folder/$1/lint.log" && return 1; }
}

jobs=()
for ((first = 0; first < cores; first++)); do
    lint "$first" &
    jobs+=($!)
done
found=0
for job in "${jobs[@]}"; do wait "$job" || found=1; done
exit "$found"
