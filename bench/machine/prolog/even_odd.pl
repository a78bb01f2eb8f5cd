even(z).
even(s(X)) :- odd(X).
odd(s(X)) :- even(X).
?- even(s(s(z))).
?- even(s(z)).
?- odd(X).
