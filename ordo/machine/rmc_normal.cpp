// Branches are followed depth first with one substitution and a trail. Stars are normalised from
// the inside out before; a star whose body has variables of its surroundings is normalised again
// once those are known.
#include "ordo/machine/rmc_normal.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace ordo::machine::rmc {
namespace {

// What is left to do after a program, and what bound variables stand for there: lists that branches
// share, held by number.
struct Later {
  ProgramId program;
  std::uint32_t scope;
  std::uint32_t next;
};
struct Scope {
  VarId binder;
  TermId made;  // the variable that stands for it
  std::uint32_t next;
};

struct StarUse {
  ProgramId body;
  std::uint32_t scope;
};

// Beyond this nesting a star's body is left as its surroundings instantiate it.
constexpr int kNesting = 64;

// X, Y, Z, X1, Y1, ...
class OccurrenceNames {
 public:
  explicit OccurrenceNames(Terms& terms) : terms_(terms) {}
  Symbol symbol(std::size_t number) {
    while (symbols_.size() <= number) {
      const std::size_t n = symbols_.size();
      std::string name(1, "XYZ"[n % 3]);
      if (n >= 3) name += std::to_string(n / 3);
      symbols_.push_back(terms_.intern(name));
    }
    return symbols_[number];
  }

 private:
  Terms& terms_;
  std::vector<Symbol> symbols_;
};

class Normaliser {
 public:
  /// `made` counts summands over all nested normalisers.
  Normaliser(Terms& terms, const NormalOptions& options, Context& context, std::uint64_t& made)
      : terms_(terms),
        options_(options),
        context_(context),
        spans_made_(made),
        rebuild_(terms),
        names_(terms) {}

  NormalForm normalise(ProgramId program, int nesting = 0) {
    NormalForm form;
    follow(program, nesting, form);
    std::sort(form.summands.begin(), form.summands.end(),
              [](const Summand& a, const Summand& b) { return a.text < b.text; });
    std::vector<ProgramId> parts;
    for (const Summand& summand : form.summands) parts.push_back(summand.program);
    form.program = terms_.sum(parts);
    return form;
  }

 private:
  using Replacement = Rebuilder::Replacement;
  struct Branch {
    std::uint32_t later;
    ProgramId program;
    std::uint32_t scope;
    std::size_t undo;  // of `changes_`
    std::size_t made;  // of `made_`
  };
  // A stack operation, to be taken back when a branch ends.
  struct Change {
    enum class Kind { popped, pushed, asked, star } kind;
    Symbol location;
    TermId term;
  };
  void follow(ProgramId root, int nesting, NormalForm& form);
  bool act(const ProgramNode& node, std::uint32_t scope);
  void take_back(std::size_t undo, std::size_t made);
  SpanStack& stack(Symbol location);
  TermId instance(TermId term, std::uint32_t scope);
  void finish(NormalForm& form, int nesting);
  std::vector<std::pair<VarId, VarId>> join_free_variables();
  void count_occurrences(const std::vector<ProgramId>& stars);
  void eta(Summand& summand);
  TermId named(TermId term);
  ProgramId named_star(ProgramId star);
  VarId name_for(VarId variable);
  ProgramId finish_star(const StarUse& use, int nesting);
  ProgramId as_program(const Summand& summand);

  Terms& terms_;
  const NormalOptions& options_;
  Context& context_;
  std::uint64_t& spans_made_;
  std::vector<Later> later_;
  std::vector<Scope> scopes_;
  Bindings bindings_;
  std::vector<VarId> made_;
  std::vector<Change> changes_;
  std::vector<SpanPart> spans_;  // under construction
  std::vector<StarUse> stars_;
  std::vector<VarId> free_;  // by name
  FlatMap is_free_;
  Rebuilder rebuild_;
  OccurrenceNames names_;
  // Of the summand being finished:
  FlatMap speaker_;      // of a variable that free ones are bound to: the first of them
  FlatMap occurrences_;  // of variables, each as often as a term holds it
  FlatMap named_;        // bound variables, by what they are called there
  std::vector<VarId> bound_;
  std::vector<ProgramId> parts_;
  std::vector<TermId> tasks_;  // of count_occurrences
};

TermId Normaliser::instance(TermId term, std::uint32_t scope) {
  return rebuild_(term, [&](TermId id) -> Replacement {
    const TermNode& node = terms_.term(id);
    if (!node.is_variable) return {id};
    std::uint32_t at = scope;
    while (at != 0 && scopes_[at].binder != node.label) at = scopes_[at].next;
    return {at == 0 ? id : scopes_[at].made};
  });
}

// The stack of the span under construction.
SpanStack& Normaliser::stack(Symbol location) {
  SpanPart& span = spans_.back();
  const auto place = std::lower_bound(
      span.begin(), span.end(), terms_.text(location),
      [&](const SpanStack& s, const std::string& name) { return terms_.text(s.location) < name; });
  if (place != span.end() && place->location == location) return *place;
  return *span.insert(place, {location, {}, {}});
}

// One push, pop or equation; false if it cannot be.
bool Normaliser::act(const ProgramNode& node, std::uint32_t scope) {
  if (node.op == Op::equate) {
    const TermId left = instance(node.first, scope);
    return unify(terms_, bindings_, left, instance(node.second, scope), made_);
  }
  SpanStack& on = stack(node.label);
  const TermId term = instance(node.first, scope);
  if (node.op == Op::push) {
    on.pushes.push_back(term);
    changes_.push_back({Change::Kind::pushed, node.label, term});
    return true;
  }
  if (on.pushes.empty()) {
    on.pops.push_back(term);
    changes_.push_back({Change::Kind::asked, node.label, term});
    return true;
  }
  const TermId item = on.pushes.back();
  on.pushes.pop_back();
  changes_.push_back({Change::Kind::popped, node.label, item});
  return unify(terms_, bindings_, item, term, made_);
}

void Normaliser::take_back(std::size_t undo, std::size_t made) {
  while (changes_.size() > undo) {
    const Change& change = changes_.back();
    if (change.kind == Change::Kind::star) {
      spans_.pop_back();
      stars_.pop_back();
    } else {
      SpanStack& on = stack(change.location);
      if (change.kind == Change::Kind::pushed) on.pushes.pop_back();
      if (change.kind == Change::Kind::asked) on.pops.pop_back();
      if (change.kind == Change::Kind::popped) on.pushes.push_back(change.term);
    }
    changes_.pop_back();
  }
  while (made_.size() > made) {
    bindings_.erase(made_.back());
    made_.pop_back();
  }
}

void Normaliser::follow(ProgramId root, int nesting, NormalForm& form) {
  later_.assign(1, {});
  scopes_.assign(1, {});
  spans_.assign(1, {});
  free_ = terms_.free_variables(root);
  for (const VarId v : free_) is_free_[v] = 1;
  std::sort(free_.begin(), free_.end(),
            [&](VarId a, VarId b) { return terms_.variable_name(a) < terms_.variable_name(b); });
  std::vector<Branch> branches{{0, root, 0, 0, 0}};
  std::uint64_t ticks = 0;
  while (!branches.empty()) {
    Branch branch = branches.back();
    branches.pop_back();
    take_back(branch.undo, branch.made);
    while (true) {
      if ((++ticks & 0xFFF) == 0) context_.check_stop();
      const ProgramNode node = terms_.program(branch.program);
      bool goes_on = true;
      bool next = false;
      switch (node.op) {
        case Op::skip:
          next = true;
          break;
        case Op::fail:
          goes_on = false;
          break;
        case Op::seq:
          later_.push_back({node.second, branch.scope, branch.later});
          branch.later = static_cast<std::uint32_t>(later_.size() - 1);
          branch.program = node.first;
          break;
        case Op::sum:
          branches.push_back(
              {branch.later, node.second, branch.scope, changes_.size(), made_.size()});
          branch.program = node.first;
          break;
        case Op::fresh:
          scopes_.push_back(
              {node.label, terms_.var(terms_.fresh_variable(names_.symbol(0))), branch.scope});
          branch.scope = static_cast<std::uint32_t>(scopes_.size() - 1);
          branch.program = node.first;
          break;
        case Op::star:
          changes_.push_back({Change::Kind::star, 0, 0});
          stars_.push_back({node.first, branch.scope});
          spans_.emplace_back();
          next = true;
          break;
        case Op::call:
          branch.program = terms_.expand(branch.program);
          break;
        default:
          goes_on = act(node, branch.scope);
          next = true;
          break;
      }
      if (!goes_on) break;
      if (!next) continue;
      if (branch.later == 0) {
        finish(form, nesting);
        break;
      }
      const Later& later = later_[branch.later];
      branch.program = later.program;
      branch.scope = later.scope;
      branch.later = later.next;
    }
    if (spans_made_ >= options_.max_spans) {
      form.complete = branches.empty();
      break;
    }
  }
  take_back(0, 0);
}

// Free variables that are the same: the one whose name comes first speaks for the others, also for
// the bound variable they are joined by. Gives the others, each with its speaker.
std::vector<std::pair<VarId, VarId>> Normaliser::join_free_variables() {
  std::vector<std::pair<VarId, VarId>> joined;
  speaker_.clear();
  for (const VarId v : free_) {
    const TermNode& root = terms_.term(walk(terms_, bindings_, terms_.var(v)));
    if (!root.is_variable) continue;
    if (const VarId* speaker = speaker_.find(root.label)) {
      joined.emplace_back(v, *speaker);
    } else {
      speaker_.set(root.label, v);
    }
  }
  return joined;
}

// What a bound variable is called in the summand being finished.
VarId Normaliser::name_for(VarId variable) {
  const VarId* known = named_.find(variable);
  if (known != nullptr) return *known;
  bound_.push_back(terms_.fresh_variable(names_.symbol(bound_.size())));
  named_.set(variable, bound_.back());
  return bound_.back();
}

// A term with what the branch knows, as the summand has it.
TermId Normaliser::named(TermId term) {
  return rebuild_(term, [&](TermId id) -> Replacement {
    const TermId root = walk(terms_, bindings_, id);
    if (!terms_.term(root).is_variable) return {root};
    const VarId v = terms_.term(root).label;
    const VarId* const speaker = speaker_.find(v);
    return {terms_.var(speaker != nullptr ? *speaker : name_for(v)), true};
  });
}

// The same for a star, whose free variables are resolved already.
ProgramId Normaliser::named_star(ProgramId star) {
  std::unordered_map<VarId, TermId> names;
  for (const VarId v : terms_.free_variables(star)) {
    if (is_free_.find(v) == nullptr) names[v] = terms_.var(name_for(v));
  }
  return substitute_program(terms_, names, star);
}

// A star with what its free variables have become, its body normalised; skip if it vanishes.
ProgramId Normaliser::finish_star(const StarUse& use, int nesting) {
  std::unordered_map<VarId, TermId> map;
  for (const VarId v : terms_.free_variables(use.body)) {
    map[v] = rebuild_(instance(terms_.var(v), use.scope), [&](TermId id) -> Replacement {
      const TermId root = walk(terms_, bindings_, id);
      if (!terms_.term(root).is_variable) return {root};
      const VarId* const speaker = speaker_.find(terms_.term(root).label);
      return {speaker != nullptr ? terms_.var(*speaker) : root, true};
    });
  }
  ProgramId body = substitute_program(terms_, map, use.body);
  if (nesting < kNesting) {
    const NormalForm form =
        Normaliser(terms_, options_, context_, spans_made_).normalise(body, nesting + 1);
    if (form.complete) body = form.program;
  }
  // fail* is skip: the star yields what it is given, once.
  return body == terms_.fail() ? terms_.skip() : terms_.star(body);
}

// Resolves a finished branch into a summand.
void Normaliser::finish(NormalForm& form, int nesting) {
  ++spans_made_;
  named_.clear();
  bound_.clear();
  const auto joined = join_free_variables();
  Summand summand;
  summand.spans = spans_;
  for (const StarUse& use : stars_) summand.stars.push_back(finish_star(use, nesting));
  if (options_.eta == Eta::on) eta(summand);
  for (std::size_t i = 0; i < summand.spans.size(); ++i) {
    SpanPart& span = summand.spans[i];
    for (SpanStack& on : span) {
      for (TermId& term : on.pops) term = named(term);
    }
    if (i == 0) {
      for (const VarId v : free_) {  // in the order of their names
        const auto other = std::find_if(joined.begin(), joined.end(),
                                        [&](const auto& pair) { return pair.first == v; });
        const TermId root = walk(terms_, bindings_, terms_.var(v));
        if (other != joined.end()) {
          summand.equations.emplace_back(terms_.var(v), terms_.var(other->second));
        } else if (!terms_.term(root).is_variable) {
          summand.equations.emplace_back(terms_.var(v), named(root));
        }
      }
    }
    for (SpanStack& on : span) {
      for (TermId& term : on.pushes) term = named(term);
    }
    if (i < summand.stars.size()) summand.stars[i] = named_star(summand.stars[i]);
  }
  summand.program = as_program(summand);
  if (std::find(summand.stars.begin(), summand.stars.end(), terms_.skip()) != summand.stars.end()) {
    // A star that vanished joins the spans around it: the whole is normalised again without it.
    NormalForm again =
        Normaliser(terms_, options_, context_, spans_made_).normalise(summand.program, nesting);
    for (Summand& s : again.summands) form.summands.push_back(std::move(s));
    return;
  }
  summand.text = print(terms_, summand.program);
  form.summands.push_back(std::move(summand));
}

// Counts every variable of the branch. One that is seen from within a star counts as two.
void Normaliser::count_occurrences(const std::vector<ProgramId>& stars) {
  occurrences_.clear();
  const auto count = [&](TermId term) {
    tasks_.assign(1, term);
    while (!tasks_.empty()) {
      const TermId id = walk(terms_, bindings_, tasks_.back());
      tasks_.pop_back();
      const TermNode& node = terms_.term(id);
      if (node.is_variable) ++occurrences_[node.label];
      if (node.ground) continue;
      const auto args = terms_.args(id);
      tasks_.insert(tasks_.end(), args.begin(), args.end());
    }
  };
  for (const SpanPart& span : spans_) {
    for (const SpanStack& on : span) {
      std::for_each(on.pops.begin(), on.pops.end(), count);
      std::for_each(on.pushes.begin(), on.pushes.end(), count);
    }
  }
  for (const VarId v : free_) count(terms_.var(v));
  for (const ProgramId star : stars) {
    for (const VarId v : terms_.free_variables(star)) occurrences_[v] += 2;
  }
}

// Takes wires away: the deepest pop and the lowest push of a stack, if they are one bound variable
// that occurs nowhere else.
void Normaliser::eta(Summand& summand) {
  bool counted = false;
  const auto variable = [&](TermId term) {
    const TermNode& node = terms_.term(walk(terms_, bindings_, term));
    return node.is_variable ? std::optional<VarId>(node.label) : std::nullopt;
  };
  for (SpanPart& span : summand.spans) {
    for (auto& [location, pops, pushes] : span) {
      std::size_t wires = 0;
      while (!pops.empty() && wires < pushes.size()) {
        const auto x = variable(pops.back());
        if (!x || x != variable(pushes[wires]) || is_free_.find(*x) != nullptr) break;
        if (!counted) count_occurrences(summand.stars);
        counted = true;
        if (occurrences_[*x] != 2) break;
        pops.pop_back();
        ++wires;
      }
      pushes.erase(pushes.begin(), pushes.begin() + static_cast<std::ptrdiff_t>(wires));
    }
  }
}

ProgramId Normaliser::as_program(const Summand& summand) {
  parts_.clear();
  for (std::size_t i = 0; i < summand.spans.size(); ++i) {
    const SpanPart& span = summand.spans[i];
    for (const SpanStack& on : span) {
      for (const TermId t : on.pops) parts_.push_back(terms_.pop(on.location, t));
    }
    if (i == 0) {
      for (const auto& [left, right] : summand.equations) {
        parts_.push_back(terms_.equate(left, right));
      }
    }
    for (const SpanStack& on : span) {
      for (const TermId t : on.pushes) parts_.push_back(terms_.push(t, on.location));
    }
    if (i < summand.stars.size()) parts_.push_back(summand.stars[i]);
  }
  return terms_.fresh(bound_, terms_.seq(parts_));
}

// Whether every result of `special` is one of `general`: the same equations, and general's bound
// variables can be read as terms that give special, after wires are put back to make it as deep.
bool subsumes(Terms& terms, const Summand& general, const Summand& special) {
  if (!general.stars.empty() || !special.stars.empty()) return false;
  if (!general.equations.empty() || !special.equations.empty()) return false;
  std::vector<std::pair<TermId, TermId>> pairs;
  const SpanPart& g = general.spans[0];
  const SpanPart& s = special.spans[0];
  const SpanStack none{kMain, {}, {}};
  const auto on = [&](const SpanPart& span, Symbol location) -> const SpanStack& {
    const auto found = std::find_if(span.begin(), span.end(), [&](const SpanStack& stack) {
      return stack.location == location;
    });
    return found == span.end() ? none : *found;
  };
  std::set<Symbol> locations;
  for (const SpanPart* span : {&g, &s}) {
    for (const SpanStack& stack : *span) locations.insert(stack.location);
  }
  for (const Symbol location : locations) {
    SpanStack wide = on(g, location);
    const SpanStack& narrow = on(s, location);
    while (wide.pops.size() < narrow.pops.size()) {
      const TermId wire = terms.var(terms.fresh_variable("X"));
      wide.pops.push_back(wire);
      wide.pushes.insert(wide.pushes.begin(), wire);
    }
    if (wide.pops.size() != narrow.pops.size()) return false;
    if (wide.pushes.size() != narrow.pushes.size()) return false;
    for (std::size_t i = 0; i < wide.pops.size(); ++i) {
      pairs.emplace_back(wide.pops[i], narrow.pops[i]);
    }
    for (std::size_t i = 0; i < wide.pushes.size(); ++i) {
      pairs.emplace_back(wide.pushes[i], narrow.pushes[i]);
    }
  }
  std::unordered_map<VarId, TermId> match;
  while (!pairs.empty()) {
    const auto [pattern, term] = pairs.back();
    pairs.pop_back();
    const TermNode& p = terms.term(pattern);
    if (p.is_variable) {
      const auto [place, fresh] = match.try_emplace(p.label, term);
      if (!fresh && !terms.equal_terms(place->second, term)) return false;
      continue;
    }
    const TermNode& t = terms.term(term);
    if (t.is_variable || t.label != p.label || t.arity != p.arity) return false;
    for (std::uint32_t i = 0; i < p.arity; ++i) {
      pairs.emplace_back(terms.args(pattern)[i], terms.args(term)[i]);
    }
  }
  return true;
}

std::vector<Summand> without_subsumed(Terms& terms, const std::vector<Summand>& all) {
  const bool closed = std::all_of(all.begin(), all.end(), [&](const Summand& s) {
    return terms.free_variables(s.program).empty();
  });
  std::vector<Summand> kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    bool redundant = false;
    for (std::size_t j = 0; j < all.size() && !redundant; ++j) {
      if (i == j) continue;
      const bool same = all[i].text == all[j].text;
      redundant = same ? j < i : closed && subsumes(terms, all[j], all[i]);
    }
    if (!redundant) kept.push_back(all[i]);
  }
  return kept;
}

}  // namespace

ProgramId name_by_occurrence(Terms& terms, const std::vector<ProgramId>& parts,
                             const std::function<bool(VarId)>& is_bound) {
  OccurrenceNames symbols(terms);
  std::unordered_map<VarId, TermId> names;
  std::vector<VarId> bound;
  std::vector<ProgramId> named;
  for (const ProgramId part : parts) {
    for (const VarId v : terms.free_variables(part)) {
      if (!is_bound(v) || names.contains(v)) continue;
      bound.push_back(terms.fresh_variable(symbols.symbol(bound.size())));
      names[v] = terms.var(bound.back());
    }
    named.push_back(substitute_program(terms, names, part));
  }
  return terms.fresh(bound, terms.seq(named));
}

NormalForm normalise(Terms& terms, ProgramId program, const NormalOptions& options,
                     Context& context) {
  std::uint64_t made = 0;
  return Normaliser(terms, options, context, made).normalise(program);
}

bool equal(Terms& terms, ProgramId left, ProgramId right, Compare compare,
           const NormalOptions& options, Context& context) {
  std::vector<Summand> a = normalise(terms, left, options, context).summands;
  std::vector<Summand> b = normalise(terms, right, options, context).summands;
  if (compare == Compare::sets) {
    a = without_subsumed(terms, a);
    b = without_subsumed(terms, b);
  }
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Summand& x, const Summand& y) { return x.text == y.text; });
}

}  // namespace ordo::machine::rmc
