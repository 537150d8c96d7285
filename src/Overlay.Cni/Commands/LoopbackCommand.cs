using System.Text.Json;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;
using Overlay.Host.Netlink;

namespace Overlay.Cni.Commands;

/// <summary>
/// The plugin <c>loopback</c>, which containerd calls for every pod beside its network. Our program answers to that
/// name too, for a host may have no other.
/// </summary>
/// <param name="configuration">Of the network; all that counts is <c>prevResult</c>.</param>
/// <param name="environment">Of the attachment.</param>
internal sealed class LoopbackCommand(CniObject configuration, CniEnvironment environment)
{
    private const string Type = "loopback";
    private const string NoMac = "00:00:00:00:00:00";

    /// <summary>The configuration names this plugin. A type that is no text is another reader's to refuse.</summary>
    public static bool IsMeant(CniObject configuration) => configuration.IsText("type", Type);

    /// <param name="version">Of the answer.</param>
    /// <param name="answer">Writes the result.</param>
    /// <exception cref="CniException">The namespace cannot be entered, or CHECK found lo down.</exception>
    public void Run(string version, Action<Action<Utf8JsonWriter>> answer)
    {
        switch (environment.Command)
        {
            case "ADD":
                CniResult result = Add();
                if (configuration.Object("prevResult") is { IsPresent: true } previous)
                    answer(previous.Element.WriteTo);
                else answer(json => CniResultWriter.Write(json, result, version));
                break;
            case "CHECK":
                LoopbackInterface.Check(environment.NetworkNamespacePath);
                break;
            default:
                // DEL: lo goes with its namespace, whose path may be another pod's by now. STATUS and GC: there is
                // nothing that could be missing or left.
                break;
        }
    }

    private CniResult Add()
    {
        List<CniAddress> addresses = [];
        foreach (AddressInfo there in LoopbackInterface.SetUp(environment.NetworkNamespacePath))
            addresses.Add(new(there.Address, there.PrefixLength, null, 0));
        return new()
        {
            Interfaces = [new(LoopbackInterface.Name, NoMac, 0, environment.NetworkNamespacePath)],
            Addresses = addresses,
        };
    }
}
