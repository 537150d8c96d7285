using Overlay.Fuzzing.Admin;
using Overlay.Fuzzing.Cni;
using Overlay.Fuzzing.Egress;
using Overlay.Fuzzing.Ingress;
using Overlay.Fuzzing.Leases;
using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing;

/// <summary>All targets, by their names.</summary>
internal static class FuzzTargets
{
    private static readonly Dictionary<string, Func<IFuzzTarget>> _all = new(StringComparer.Ordinal)
    {
        ["ingress"] = static () => new IngressTarget(),
        ["egress"] = static () => new EgressTarget(),
        ["lease"] = static () => new LeaseTarget(),
        ["cni"] = static () => new CniTarget(),
        ["admin"] = static () => new AdminTarget(),
    };

    /// <summary>Their names.</summary>
    public static IReadOnlyCollection<string> Names => _all.Keys;

    /// <summary>Makes a target, for the caller to dispose of where it can be.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static IFuzzTarget Make(string name) => _all.TryGetValue(name, out Func<IFuzzTarget>? make)
        ? make()
        : throw new ArgumentException(
            $"'{name}' is no target; example: one of {string.Join(", ", Names)}", nameof(name));
}
