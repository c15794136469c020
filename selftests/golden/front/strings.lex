keyword any 1:1
keyword where 1:5
name process 1:11
symbol . 1:18
name name 1:19
keyword in 1:24
symbol ( 1:27
string "\n\r\t\b\f\\\"'" 1:28
symbol , 1:46
string "é😀" 1:48
symbol , 1:68
string "é€" 1:70
symbol , 1:74
string "raw \\n*" 1:76
symbol , 1:89
string "ends with quotes\"\"" 1:91
symbol , 1:115
string "" 1:117
symbol ) 1:119
keyword and 1:121
quoted "process" 2:3
symbol . 2:12
quoted "name" 2:13
symbol == 2:20
string "x" 2:23
keyword or 2:27
symbol ? 2:30
quoted "odd `name" 2:31
symbol == 2:44
string "y" 2:47
end 3:1
