file_with_process: file.path == "/etc/shadow" and process.name like "py?*" and user.id != 0
