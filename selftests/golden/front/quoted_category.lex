string "process" 1:1
keyword where 1:11
keyword true 1:17
end 2:1
