"""What runs inside the sandbox, next to student code; nothing in here is secret or trusted."""
