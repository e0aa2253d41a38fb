"""What `mirror doctor` looks at, one file a subject. Every check yields Findings; none raises for a machine that is not right."""
