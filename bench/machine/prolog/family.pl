par(tom, bob). par(tom, liz). par(bob, ann). par(bob, pat). par(pat, jim).
anc(X, Y) :- par(X, Y).
anc(X, Y) :- par(X, Z), anc(Z, Y).
?- anc(tom, W).
?- anc(W, jim).
?- anc(X, Y).
?- anc(jim, X).
