modes: file.extension in~ ("SO", "ko") or file.name == "x" or process.args == "-c" or process.command_line contains "a b" or file.path like "*/.ssh/*" or process.name == null
