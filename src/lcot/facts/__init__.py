"""Floor 1: sourced facts about chips, systems, engines, models and sites."""
