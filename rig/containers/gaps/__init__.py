"""`mirror bench containers`: how long a visit is without a service whose container is restarted, killed or scaled."""
