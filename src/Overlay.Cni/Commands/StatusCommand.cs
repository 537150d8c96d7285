using System.Net.Sockets;
using Overlay.Cni.Configuration;
using Overlay.Cni.Protocol;

namespace Overlay.Cni.Commands;

/// <summary>STATUS: whether an ADD would succeed now.</summary>
/// <param name="configuration">Of the network.</param>
/// <param name="environment">Without an attachment.</param>
internal sealed class StatusCommand(NetworkConfiguration configuration, CniEnvironment environment)
{
    /// <exception cref="CniException">Code 50 and the reason; or what another IPAM plugin says.</exception>
    public void Run()
    {
        PodPlan plan;
        try
        {
            plan = PodPlan.For(configuration);
        }
        catch (CniException exception) when (exception.Code == CniErrorCode.TryAgainLater)
        {
            throw new CniException(CniErrorCode.NotAvailable, exception.Message, exception.Details);
        }

        RequireDaemon();
        new PodIpam(configuration, environment).Status(plan);
    }

    private void RequireDaemon()
    {
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(configuration.AdminSocket));
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw new CniException(
                CniErrorCode.NotAvailable,
                $"overlayd does not answer on {configuration.AdminSocket}: {exception.Message}; does it run?");
        }
    }
}
