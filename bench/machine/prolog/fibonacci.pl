add(z, Y, Y).
add(s(X), Y, s(Z)) :- add(X, Y, Z).
fib(z, z).
fib(s(z), s(z)).
fib(s(s(N)), F) :- fib(s(N), A), fib(N, B), add(A, B, F).
?- fib(s(s(s(s(s(s(s(z))))))), F).
