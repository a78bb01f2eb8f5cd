d(x, 1).
d(c(_), 0).
d(A + B, DA + DB) :- d(A, DA), d(B, DB).
d(A * B, A * DB + DA * B) :- d(A, DA), d(B, DB).
d(- A, - DA) :- d(A, DA).
?- d(x * x + c(3), D).
?- d(- (x * (x + c(1))), D).
