"""The two levels of work, by the kind of item a workflow is for: planning moves stories, workflow moves tasks."""

STORY, TASK = "story", "task"
LEVELS = (STORY, TASK)
