"""`mirror bench chaos`: disturbs a mirror that is being visited, and checks from its streams that nothing is lost, twice or out of order."""
