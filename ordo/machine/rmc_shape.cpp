#include "ordo/machine/rmc_shape.h"

#include <algorithm>

namespace ordo::machine::rmc {
namespace {

// The leaves of a tree of `op`s, left to right; binders are taken off where `unbind` says so.
enum class Binders { keep, take_off };
std::vector<ProgramId> leaves(const Terms& terms, ProgramId root, Op op, Binders binders) {
  std::vector<ProgramId> found, rest{root};
  while (!rest.empty()) {
    const ProgramId id = rest.back();
    rest.pop_back();
    const ProgramNode& node = terms.program(id);
    if (node.op == op) {
      rest.push_back(node.second);
      rest.push_back(node.first);
    } else if (node.op == Op::fresh && binders == Binders::take_off) {
      rest.push_back(node.first);
    } else {
      found.push_back(id);
    }
  }
  return found;
}

bool pushes(const Terms& terms, ProgramId id, Symbol location) {
  return terms.program(id).op == Op::push && terms.program(id).label == location;
}

}  // namespace

bool fits_as_tree(const Terms& terms, ProgramId program, std::size_t nodes) {
  std::vector<ProgramId> rest{program};
  for (std::size_t count = 0; !rest.empty(); ++count) {
    if (count == nodes) return false;
    const ProgramNode& node = terms.program(rest.back());
    rest.pop_back();
    if (node.op == Op::seq || node.op == Op::sum) rest.push_back(node.second);
    if (node.op == Op::seq || node.op == Op::sum || node.op == Op::star || node.op == Op::fresh) {
      rest.push_back(node.first);
    }
  }
  return true;
}

std::vector<ProgramId> sequence_parts(const Terms& terms, ProgramId program) {
  std::vector<ProgramId> parts = leaves(terms, program, Op::seq, Binders::take_off);
  std::erase_if(parts, [&](ProgramId id) { return terms.program(id).op == Op::skip; });
  return parts;
}

std::vector<ProgramId> summands(const Terms& terms, ProgramId program) {
  std::vector<ProgramId> parts = leaves(terms, program, Op::sum, Binders::keep);
  std::erase_if(parts, [&](ProgramId id) { return terms.program(id).op == Op::fail; });
  return parts;
}

std::optional<HornProgram> horn_program(const Terms& terms, ProgramId program) {
  const ProgramNode& node = terms.program(program);
  if (node.op != Op::star) return std::nullopt;
  HornProgram made{kMain, {}};
  for (const ProgramId summand : summands(terms, node.first)) {
    const std::vector<ProgramId> parts = sequence_parts(terms, summand);
    if (parts.empty() || terms.program(parts[0]).op != Op::pop) return std::nullopt;
    const ProgramNode& head = terms.program(parts[0]);
    if (made.clauses.empty()) made.location = head.label;
    HornClause clause{head.first, {}};
    if (head.label != made.location || terms.term(clause.head).is_variable) return std::nullopt;
    for (std::size_t i = parts.size(); i-- > 1;) {
      if (!pushes(terms, parts[i], made.location)) return std::nullopt;
      clause.goals.push_back(terms.program(parts[i]).first);
    }
    made.clauses.push_back(std::move(clause));
  }
  return made;
}

std::optional<HornQuery> horn_query(const Terms& terms, ProgramId program) {
  const std::vector<ProgramId> parts = sequence_parts(terms, program);
  if (parts.size() < 3) return std::nullopt;
  const auto found = horn_program(terms, parts[parts.size() - 2]);
  if (!found) return std::nullopt;
  HornQuery query{*found, {}};
  const ProgramNode& last = terms.program(parts.back());
  if (query.program.clauses.empty()) query.program.location = last.label;
  const Symbol location = query.program.location;
  const bool marked = last.op == Op::pop && last.label == location &&
                      pushes(terms, parts[0], location) &&
                      terms.equal_terms(terms.program(parts[0]).first, last.first);
  if (!marked) return std::nullopt;
  for (std::size_t i = parts.size() - 2; i-- > 1;) {
    if (!pushes(terms, parts[i], location)) return std::nullopt;
    query.goals.push_back(terms.program(parts[i]).first);
  }
  return query;
}

bool is_regular(const Terms& terms, ProgramId program) {
  std::vector<ProgramId> rest{program};
  while (!rest.empty()) {
    const ProgramNode& node = terms.program(rest.back());
    rest.pop_back();
    switch (node.op) {
      case Op::seq:
      case Op::sum:
        rest.push_back(node.first);
        rest.push_back(node.second);
        break;
      case Op::star:
        rest.push_back(node.first);
        break;
      case Op::push:
      case Op::pop:
        if (!terms.term(node.first).ground) return false;
        break;
      case Op::skip:
      case Op::fail:
        break;
      default:
        return false;
    }
  }
  return true;
}

}  // namespace ordo::machine::rmc
