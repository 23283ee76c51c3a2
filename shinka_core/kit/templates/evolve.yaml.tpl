# Settings of this task; what is left out has its default (docs/settings.md). Flags of the command come before them.
evolution:
  task_sys_msg: |
@TASK@
  num_generations: 50
  # llm_models: [gpt-5-mini]   # without one nothing is asked: numbers and lines are changed by rule, for free
  # max_api_costs: 5           # US dollars
job:
  time: @TIME@                   # seconds of one evaluation
  # repeats: 5                 # where scores vary
  # max_memory_mb: 2048
@NETWORK@