#!/usr/bin/env bash
# Fails on words that this project does not use. Each line of tools/words.txt is a word or a phrase, and what to write
# instead. codespell reads whole words; the pattern made from the list here lets it read phrases, capitals and snake_case.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
words=$(sed 's/->.*//' tools/words.txt | paste -sd '|')
# decision_words.csv lists words that other people's files use.
git ls-files -z --cached --others --exclude-standard -- . ':!seeds/decision_words.csv' |
    while IFS= read -r -d '' file; do if [ -f "$file" ]; then printf '%s\0' "$file"; fi; done |
    xargs -0 .venv/bin/codespell --regex "(?i)(?<![a-z])($words)(?![a-z])"
