"""What is in the sandbox's datasets: packages and files, and addresses to fetch them."""
