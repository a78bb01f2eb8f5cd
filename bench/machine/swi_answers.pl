% What SWI-Prolog answers to the queries of a file, one line an answer, for bench/machine/agree.py:
%   swipl -q -g "answers('FILE', LIMIT)" -t halt swi_answers.pl
% Variables are named as `ordo rmc run` names them: one of the query that stays unbound keeps its
% name, others are _G1, _G2, ... by first occurrence.
:- set_prolog_flag(occurs_check, true).
% SWI-Prolog 9.0.4 answers `p(X, Y) :- X = f(Y, Z), Y = g(Z), Z = a.` wrongly (Y stays unbound) when
% it moves unifications into the head.
:- set_prolog_flag(optimise_unify, false).
:- set_prolog_flag(double_quotes, atom).
:- use_module(library(solution_sequences)).

answers(File, Limit) :-
    setup_call_cleanup(open(File, read, In), read_all(In, Clauses, Queries), close(In)),
    forall(member(C, Clauses), assertz(user:C)),
    nth_queries(Queries, 1, Limit).

read_all(In, Clauses, Queries) :-
    read_term(In, T, [variable_names(Names)]),
    (   T == end_of_file -> Clauses = [], Queries = []
    ;   T = (?- Q) -> Queries = [Q - Names|R], read_all(In, Clauses, R)
    ;   Clauses = [T|R], read_all(In, R, Queries)
    ).

nth_queries([], _, _).
nth_queries([Q - Names|Rest], N, Limit) :-
    forall(limit(Limit, user:Q), answer(N, Names)),
    M is N + 1,
    nth_queries(Rest, M, Limit).

answer(N, Names) :-
    \+ \+ ( own_names(Names, [], Own), term_variables(Names, Vars), fresh_names(Vars, 1, Own, All),
            format("~w|", [N]), bindings(Names, All), nl ).

own_names([], Own, Own).
own_names([Name = Value|Rest], Own, All) :-
    (   var(Value), \+ named(Value, Own)
    ->  own_names(Rest, [Name = Value|Own], All)
    ;   own_names(Rest, Own, All)
    ).

named(Var, [_ = Other|Rest]) :- ( Var == Other -> true ; named(Var, Rest) ).

fresh_names([], _, All, All).
fresh_names([V|Vs], N, Own, All) :-
    (   named(V, Own)
    ->  fresh_names(Vs, N, Own, All)
    ;   atom_concat('_G', N, Name), M is N + 1, fresh_names(Vs, M, [Name = V|Own], All)
    ).

bindings([], _).
bindings([Name = Value|Rest], All) :-
    (   member(Name = Other, All), Other == Value
    ->  true
    ;   format("~w = ", [Name]),
        write_term(Value, [quoted(true), ignore_ops(true), variable_names(All)]),
        format("; ")
    ),
    bindings(Rest, All).
