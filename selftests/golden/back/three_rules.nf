three_rules: event.type == "start" and process.name in ("bash", "sh") and process.executable like~ "/tmp/*" and process.parent.name != "dpkg" and process.args_count >= 2
