"""What evaluators and scripts for ShinkaEvolve import besides runner and settings, over what there is here."""
