% Adds one to a binary number, the head on its last digit: 1011 + 1 = 1100.
% expect: l: left_end 1; r: right_end 0 0 1
blank b
start carry
final done
tape 1 0 1 1
head 4
carry 1 -> carry 0 left
carry 0 -> done 1 stay
carry b -> done 1 stay
