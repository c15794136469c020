name process 1:1
keyword where 1:9
name process 1:15
symbol . 1:22
name name 1:23
symbol == 1:28
string "nc" 1:31
end 2:1
