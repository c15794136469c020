no_pivot: event.action == "exec" and process.name != "a"
