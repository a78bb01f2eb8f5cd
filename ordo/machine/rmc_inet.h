// Interaction nets as text: rules for two agents whose principal ports meet, and nets.
//
//   file  ::= (rule | net)*                     comments from `--` or `%`
//   rule  ::= agent '><' agent '=>' wiring '.'  the destructor left, the constructor right
//   net   ::= 'net' wiring '.'
//   wiring ::= [connection (',' connection)*]
//   connection ::= tree '><' tree               a destructor, and what its principal port meets
//                | tree '=' tree                two ends of one wire
//   tree  ::= wire | agent | agent '(' tree, ... ')'
//
// A name without parentheses is a constructor if a rule names it so, else a wire; `a()` is always
// an agent. In a rule each wire has two ends; in a net a wire with one end is an output.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ordo/machine/source.h"

namespace ordo::machine::rmc {

using InetTreeId = std::uint32_t;

struct InetTree {
  std::string name;
  bool applied;                   ///< written with parentheses
  std::vector<InetTreeId> ports;  ///< the auxiliary ports
  Span span;
};

struct InetConnection {
  InetTreeId left, right;
  bool active;  ///< written `><`
};

/// A rule's right side, or a net.
struct InetWiring {
  std::vector<InetConnection> connections;
  Span span;
};

struct InetRule {
  InetTreeId destructor, constructor;
  InetWiring wiring;
  Span span;
};

struct InetProgram {
  std::vector<InetTree> trees;
  std::vector<InetRule> rules;
  std::vector<InetWiring> nets;
};

/// Adds a text's rules and nets. Problems are collected; reading goes on after the full stop.
void read_inet(const SourceMap& sources, SourceId file, InetProgram& program,
               Diagnostics& problems);
/// Adds the net that a text of connections means.
void read_inet_net(const SourceMap& sources, SourceId file, InetProgram& program,
                   Diagnostics& problems);

}  // namespace ordo::machine::rmc
