# @NAME@

- `@INITIAL@`: @WHAT@ What stands between the EVOLVE-BLOCK markers may change.
- `evaluate.py`: called with `--program_path` and `--results_dir`; writes the score, larger is better.
- `evolve.yaml`: what models are told, and limits.

@COMMANDS@
Put your own task in its place: the program, then what is correct and what the score is in `evaluate.py`, then the words in
`evolve.yaml`. Look at it again with `check_task` before you name a model.
