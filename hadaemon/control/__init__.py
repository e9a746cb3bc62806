"""What is said over the control socket: requests and answers as values, and their JSON. Pure and light."""
