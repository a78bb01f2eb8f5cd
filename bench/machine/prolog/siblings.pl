par(tom, bob). par(ann, bob). par(tom, liz). par(ann, liz). par(bob, sue).
sib(X, Y) :- par(P, X), par(P, Y).
uncle(U, C) :- par(P, C), sib(U, P).
?- sib(X, Y).
?- uncle(U, sue).
