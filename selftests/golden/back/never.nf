never: event.action == "exec"
