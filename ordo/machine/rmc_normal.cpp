// Branches are followed depth first with one substitution and a trail. Stars are normalised from
// the inside out before; a star whose body has variables of its surroundings is normalised again
// once those are known.
#include "ordo/machine/rmc_normal.h"

#include <algorithm>
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
  VarId variable;
  std::uint32_t next;
};

struct StarUse {
  ProgramId body;
  std::uint32_t scope;
};

// Beyond this nesting a star's body is left as its surroundings instantiate it.
constexpr int kNesting = 64;

class Normaliser {
 public:
  /// `made` counts summands over all nested normalisers.
  Normaliser(Terms& terms, const NormalOptions& options, Context& context, std::uint64_t& made)
      : terms_(terms), options_(options), context_(context), spans_made_(made) {}

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
  struct Working {  // of the span under construction
    std::vector<TermId> pops, pushes;
  };

  void follow(ProgramId root, int nesting, NormalForm& form);
  bool act(const ProgramNode& node, std::uint32_t scope);
  void take_back(std::size_t undo, std::size_t made);
  TermId instance(TermId term, std::uint32_t scope);
  void finish(NormalForm& form, int nesting);
  ProgramId finish_star(const StarUse& use, const std::unordered_map<VarId, TermId>& rename,
                        int nesting);
  void eta(Summand& summand);
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
  std::vector<std::map<Symbol, Working>> spans_;
  std::vector<StarUse> stars_;
  std::vector<VarId> free_;  // by name
  std::set<VarId> is_free_;
};

TermId Normaliser::instance(TermId term, std::uint32_t scope) {
  if (terms_.term(term).ground) return term;
  std::unordered_map<VarId, TermId> map;
  for (const VarId v : terms_.variables_of(term)) {
    for (std::uint32_t at = scope; at != 0; at = scopes_[at].next) {
      if (scopes_[at].binder != v) continue;
      map[v] = terms_.var(scopes_[at].variable);
      break;
    }
  }
  return substitute(terms_, map, term);
}

// One push, pop or equation; false if it cannot be.
bool Normaliser::act(const ProgramNode& node, std::uint32_t scope) {
  if (node.op == Op::equate) {
    const TermId left = instance(node.first, scope);
    return unify(terms_, bindings_, left, instance(node.second, scope), made_);
  }
  Working& stack = spans_.back()[node.label];
  const TermId term = instance(node.first, scope);
  if (node.op == Op::push) {
    stack.pushes.push_back(term);
    changes_.push_back({Change::Kind::pushed, node.label, term});
    return true;
  }
  if (stack.pushes.empty()) {
    stack.pops.push_back(term);
    changes_.push_back({Change::Kind::asked, node.label, term});
    return true;
  }
  const TermId item = stack.pushes.back();
  stack.pushes.pop_back();
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
      Working& stack = spans_.back()[change.location];
      if (change.kind == Change::Kind::pushed) stack.pushes.pop_back();
      if (change.kind == Change::Kind::asked) stack.pops.pop_back();
      if (change.kind == Change::Kind::popped) stack.pushes.push_back(change.term);
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
  is_free_ = {free_.begin(), free_.end()};
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
          scopes_.push_back({node.label, terms_.fresh_variable("X"), branch.scope});
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

// The body with what its free variables have become, normalised.
ProgramId Normaliser::finish_star(const StarUse& use,
                                  const std::unordered_map<VarId, TermId>& rename, int nesting) {
  std::unordered_map<VarId, TermId> map;
  for (const VarId v : terms_.free_variables(use.body)) {
    const TermId variable = terms_.var(v);
    map[v] = substitute(terms_, rename, resolve(terms_, bindings_, instance(variable, use.scope)));
  }
  const ProgramId body = substitute_program(terms_, map, use.body);
  if (nesting >= kNesting) return body;
  const NormalForm form =
      Normaliser(terms_, options_, context_, spans_made_).normalise(body, nesting + 1);
  return form.complete ? form.program : body;
}

// Resolves a finished branch into a summand.
void Normaliser::finish(NormalForm& form, int nesting) {
  // Of free variables that are the same, the one whose name comes first stands for all, also for
  // the bound variable they are joined by.
  ++spans_made_;
  std::unordered_map<VarId, TermId> rename;
  std::unordered_map<VarId, VarId> speaker;
  Summand summand;
  for (const VarId v : free_) {
    const TermId root = walk(terms_, bindings_, terms_.var(v));
    if (!terms_.term(root).is_variable) continue;
    const VarId joined = terms_.term(root).label;
    const auto [place, first] = speaker.try_emplace(joined, v);
    if (first && joined != v) rename[joined] = terms_.var(v);
    if (!first) summand.equations.emplace_back(terms_.var(v), terms_.var(place->second));
  }
  const auto final_term = [&](TermId term) {
    return substitute(terms_, rename, resolve(terms_, bindings_, term));
  };
  for (const VarId v : free_) {
    const TermId root = walk(terms_, bindings_, terms_.var(v));
    if (!terms_.term(root).is_variable) {
      summand.equations.emplace_back(terms_.var(v), final_term(root));
    }
  }
  std::sort(summand.equations.begin(), summand.equations.end(), [&](const auto& a, const auto& b) {
    return terms_.variable_name(terms_.term(a.first).label) <
           terms_.variable_name(terms_.term(b.first).label);
  });
  for (const auto& working : spans_) {
    SpanPart part;
    for (const auto& [location, stack] : working) {
      const std::string& name = terms_.text(location);
      for (const TermId term : stack.pops) part.pops[name].push_back(final_term(term));
      for (const TermId term : stack.pushes) part.pushes[name].push_back(final_term(term));
    }
    summand.spans.push_back(std::move(part));
  }
  for (const StarUse& use : stars_) {
    const ProgramId body = finish_star(use, rename, nesting);
    // fail* is skip: the star yields what it is given, once.
    summand.stars.push_back(body == terms_.fail() ? terms_.skip() : terms_.star(body));
  }
  if (std::find(summand.stars.begin(), summand.stars.end(), terms_.skip()) != summand.stars.end()) {
    // A star that vanished joins the spans around it: the whole is normalised again without it.
    const ProgramId without = as_program(summand);
    NormalForm again =
        Normaliser(terms_, options_, context_, spans_made_).normalise(without, nesting);
    for (Summand& s : again.summands) form.summands.push_back(std::move(s));
    return;
  }
  if (options_.eta == Eta::on) eta(summand);
  summand.program = as_program(summand);
  summand.text = print(terms_, summand.program);
  form.summands.push_back(std::move(summand));
}

// Takes wires away: the deepest pop and the lowest push of a stack, if they are one bound variable
// that occurs nowhere else.
void Normaliser::eta(Summand& summand) {
  std::unordered_map<VarId, int> occurrences;
  const auto count = [&](TermId term) {
    std::vector<TermId> tasks{term};
    while (!tasks.empty()) {
      const TermId id = tasks.back();
      tasks.pop_back();
      const TermNode& node = terms_.term(id);
      if (node.is_variable) ++occurrences[node.label];
      if (node.ground) continue;
      const auto args = terms_.args(id);
      tasks.insert(tasks.end(), args.begin(), args.end());
    }
  };
  for (const auto& [left, right] : summand.equations) {
    count(left);
    count(right);
  }
  for (const ProgramId star : summand.stars) {
    for (const VarId v : terms_.free_variables(star)) occurrences[v] += 2;
  }
  for (const SpanPart& part : summand.spans) {
    for (const auto& [name, list] : part.pops) std::for_each(list.begin(), list.end(), count);
    for (const auto& [name, list] : part.pushes) std::for_each(list.begin(), list.end(), count);
  }
  for (SpanPart& part : summand.spans) {
    for (auto& [name, pops] : part.pops) {
      std::vector<TermId>& pushes = part.pushes[name];
      std::size_t wires = 0;
      while (!pops.empty() && wires < pushes.size()) {
        const TermNode& x = terms_.term(pops.back());
        const TermNode& y = terms_.term(pushes[wires]);
        if (!x.is_variable || !y.is_variable || x.label != y.label) break;
        if (occurrences[x.label] != 2 || is_free_.contains(x.label)) break;
        pops.pop_back();
        ++wires;
      }
      pushes.erase(pushes.begin(), pushes.begin() + static_cast<std::ptrdiff_t>(wires));
    }
  }
}

ProgramId Normaliser::as_program(const Summand& summand) {
  std::vector<ProgramId> parts;
  for (std::size_t i = 0; i < summand.spans.size(); ++i) {
    const SpanPart& part = summand.spans[i];
    for (const auto& [name, list] : part.pops) {
      for (const TermId t : list) parts.push_back(terms_.pop(terms_.intern(name), t));
    }
    if (i == 0) {
      for (const auto& [left, right] : summand.equations) {
        parts.push_back(terms_.equate(left, right));
      }
    }
    for (const auto& [name, list] : part.pushes) {
      for (const TermId t : list) parts.push_back(terms_.push(t, terms_.intern(name)));
    }
    if (i < summand.stars.size()) parts.push_back(summand.stars[i]);
  }
  return name_by_occurrence(terms_, parts, [&](VarId v) { return !is_free_.contains(v); });
}

// Whether every result of `special` is one of `general`: the same equations, and general's bound
// variables can be read as terms that give special, after wires are put back to make it as deep.
bool subsumes(Terms& terms, const Summand& general, const Summand& special) {
  if (!general.stars.empty() || !special.stars.empty()) return false;
  if (!general.equations.empty() || !special.equations.empty()) return false;
  std::vector<std::pair<TermId, TermId>> pairs;
  const SpanPart& g = general.spans[0];
  const SpanPart& s = special.spans[0];
  const std::vector<TermId> none;
  const auto list = [&](const std::map<std::string, std::vector<TermId>>& map,
                        const std::string& name) -> const std::vector<TermId>& {
    const auto found = map.find(name);
    return found == map.end() ? none : found->second;
  };
  std::set<std::string> names;
  for (const auto* map : {&g.pops, &g.pushes, &s.pops, &s.pushes}) {
    for (const auto& [name, terms_of] : *map) names.insert(name);
  }
  for (const std::string& name : names) {
    std::vector<TermId> pops = list(g.pops, name), pushes = list(g.pushes, name);
    while (pops.size() < list(s.pops, name).size()) {
      const TermId wire = terms.var(terms.fresh_variable("X"));
      pops.push_back(wire);
      pushes.insert(pushes.begin(), wire);
    }
    if (pops.size() != list(s.pops, name).size()) return false;
    if (pushes.size() != list(s.pushes, name).size()) return false;
    for (std::size_t i = 0; i < pops.size(); ++i)
      pairs.emplace_back(pops[i], list(s.pops, name)[i]);
    for (std::size_t i = 0; i < pushes.size(); ++i) {
      pairs.emplace_back(pushes[i], list(s.pushes, name)[i]);
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
  std::unordered_map<VarId, TermId> names;
  std::vector<VarId> bound;
  std::vector<ProgramId> named;
  for (const ProgramId part : parts) {
    for (const VarId v : terms.free_variables(part)) {
      if (!is_bound(v) || names.contains(v)) continue;
      const char* letters[] = {"X", "Y", "Z"};
      const std::size_t n = bound.size();
      std::string name = letters[n % 3];
      if (n >= 3) name += std::to_string(n / 3);
      bound.push_back(terms.fresh_variable(name));
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
