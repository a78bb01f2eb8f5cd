p(a) :- fail.
p(b) :- q(c).
q(d).
r(X) :- p(X), q(X).
true_at_last :- true, q(d).
?- p(X).
?- r(X).
?- true_at_last.
?- q(d), true.
