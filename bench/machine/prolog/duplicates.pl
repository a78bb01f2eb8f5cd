% The same answer in several ways counts several times.
p(a). p(a). p(X) :- q(X). q(b). q(a). q(b).
?- p(X).
?- p(a), q(b).
?- p(X), p(X).
