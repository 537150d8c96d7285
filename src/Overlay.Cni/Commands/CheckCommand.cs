using Overlay.Cni.Configuration;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;

namespace Overlay.Cni.Commands;

/// <summary>CHECK: whether all that ADD made is still there.</summary>
/// <param name="configuration">Of the network, with the result of ADD.</param>
/// <param name="environment">Of the attachment.</param>
internal sealed class CheckCommand(NetworkConfiguration configuration, CniEnvironment environment)
{
    /// <exception cref="CniException">Names the first difference.</exception>
    public void Run()
    {
        CniResult previous = configuration.PreviousResult ?? throw new CniException(
            CniErrorCode.InvalidConfiguration, "prevResult is missing; CHECK compares with the result of ADD");
        List<CniAddress> mine = [];
        foreach (CniAddress address in previous.Addresses)
        {
            if (IsOfThisPod(address, previous.Interfaces)) mine.Add(address);
        }

        new PodIpam(configuration, environment).Check(mine);

        // The result names all routes that lead by this interface, the default ones among them.
        AttachmentRequest request = PodRequest.For(configuration, environment, mine, previous.Routes);
        string host = HostInterfaceOf(previous.Interfaces, request.HostInterfaceName);
        AttachmentRequest made = request with
        {
            HostInterfaceName = host,
            Bridge = configuration.Bridge with { IsDefaultGateway = false },
        };
        BridgeNetwork.Check(made, isOurs: host == request.HostInterfaceName);
    }

    // A pod from before a node came from flannel has a pair of another name, which is in its result.
    private string HostInterfaceOf(IReadOnlyList<CniInterface> made, string ours)
    {
        string? other = null;
        foreach (CniInterface there in made)
        {
            if (there.Name == ours) return ours;
            if (there.Sandbox.Length == 0 && there.Name != configuration.Bridge.Name) other ??= there.Name;
        }

        return other ?? ours;
    }

    // Plugins later in a chain may have added addresses of their own.
    private bool IsOfThisPod(CniAddress address, IReadOnlyList<CniInterface> interfaces) =>
        address.Interface is not { } index
        || (index < interfaces.Count
        && interfaces[index].Name == environment.InterfaceName && interfaces[index].Sandbox.Length > 0);
}
