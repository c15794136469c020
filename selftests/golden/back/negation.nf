negation: process.name != "a" and process.pid > 4 and process.pid > 4 and event.category == "process"
