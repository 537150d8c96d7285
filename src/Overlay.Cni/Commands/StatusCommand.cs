using Overlay.Cni.Configuration;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;

namespace Overlay.Cni.Commands;

/// <summary>STATUS: whether an ADD would succeed now, and the pod's packets would flow.</summary>
/// <param name="configuration">Of the network.</param>
/// <param name="environment">Without an attachment.</param>
internal sealed class StatusCommand(NetworkConfiguration configuration, CniEnvironment environment)
{
    /// <exception cref="CniException">Code 50 or 51 and the reason; or what another IPAM plugin says.</exception>
    public void Run()
    {
        DaemonSighting sighting = new(configuration.SubnetFile);
        PodPlan? plan = null;
        try
        {
            plan = Plan();
            DaemonReadiness.Require(configuration.AdminSocket);
            sighting.Renew();
        }
        catch (CniException absent) when (IsOfDaemon(absent) && sighting.IsRecent)
        {
            // A daemon that is being replaced, or is not ready for a moment, is no reason to drive pods from the node: ADD
            // waits for it.
        }

        if (plan is null) return;
        RequireRoom(plan);
        new PodIpam(configuration, environment).Status(plan);
    }

    private static bool IsOfDaemon(CniException absent) =>
        absent.Code is CniErrorCode.NotAvailable or CniErrorCode.LimitedConnectivity;

    private PodPlan Plan()
    {
        try
        {
            return PodPlan.For(configuration);
        }
        catch (CniException exception) when (exception.Code == CniErrorCode.TryAgainLater)
        {
            throw new CniException(CniErrorCode.NotAvailable, exception.Message, exception.Details);
        }
    }

    private void RequireRoom(PodPlan plan)
    {
        try
        {
            BridgeNetwork.RequireRoom(configuration.Bridge, plan.Gateways(), plan.Former);
        }
        catch (CniException refusal)
        {
            throw new CniException(CniErrorCode.NotAvailable, refusal.Message, refusal.Details);
        }
    }
}
