user_space: process.name < "m" and user.id like "1*" and process.entity_id == "x" and process.executable != null
