add(z, Y, Y).
add(s(X), Y, s(Z)) :- add(X, Y, Z).
?- add(s(s(z)), s(z), R).
?- add(X, Y, s(s(s(z)))).
?- add(s(z), Y, s(s(z))).
?- add(X, s(z), R).
