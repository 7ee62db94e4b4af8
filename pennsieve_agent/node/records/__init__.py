"""What a node writes down: runs in DynamoDB (:mod:`.run_store`), and the documents of its API."""
