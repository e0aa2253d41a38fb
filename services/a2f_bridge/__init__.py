"""Voice to face: consumes `voice`, publishes `face`, owns the moving face and its Live Link sender."""
