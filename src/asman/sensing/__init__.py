"""Floor 4: a sensor's geometry and timing: decoded records become Plots."""
