import asyncio
from shinka import AsyncEvolutionRunner, EvolutionConfig
from shinka.launch import LocalJobConfig
from shinka.database import DatabaseConfig

async def main():
    evo_config = EvolutionConfig(
        num_generations=50,
        max_parallel_jobs=20,
        llm_models=["gpt-4o-mini"],
    )
    
    runner = AsyncEvolutionRunner(
        evo_config=evo_config,
        job_config=LocalJobConfig(),
        db_config=DatabaseConfig(db_path="evolution.sqlite"),
        max_proposal_jobs=10,  # Generate 10 proposals concurrently
        max_evaluation_jobs=10,  # Proposals to evaluate in parallel
    )
    
    await runner.run()

asyncio.run(main())
