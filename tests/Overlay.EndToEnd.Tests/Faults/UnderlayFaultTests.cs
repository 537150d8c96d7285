using Overlay.EndToEnd.Tests.Restarts;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>
/// Faults of the way between the nodes: packets are lost while there is none, and all is as before once there is.
/// Another address and another MTU are in UnderlayChangeTests, a full way in BackpressureTests.
/// </summary>
[Collection(FaultScenes.Name)]
public class UnderlayFaultTests(FaultScene scene)
{
    private static readonly TimeSpan _long = TimeSpan.FromSeconds(LongRun.Is ? 30 : 1.5);

    [Fact]
    public void A_link_that_goes_down_and_comes_back_is_used_again()
    {
        FaultFigures figures = scene.During(() =>
        {
            scene.A.Ip("link set eth0 down");
            scene.WaitForText("problems", "eth0");
            Thread.Sleep(_long);
            scene.A.Ip("link set eth0 up");
            scene.A.RestoreUnderlayAddresses();
        });
        figures.ShouldBeInOrder();
        scene.ShouldRecover();
    }

    [Fact]
    public void A_cable_that_is_pulled_and_plugged_in_again_costs_what_was_sent_meanwhile()
    {
        // Without carrier the kernel forgets its neighbours, and packets wait for their addresses: one that is sent while that
        // queue is emptied overtakes all that are still in it (net/core/neighbour.c, __neigh_update), whoever sends.
        string[][] neighbours = Neighbours();
        neighbours.Length.ShouldBeGreaterThan(1, "traffic flows to both peers");
        foreach (string[] neighbour in neighbours) SetNeighbour(neighbour, "permanent");
        FaultFigures figures = scene.During(() =>
        {
            scene.A.Link.SetCarrier(false);
            Thread.Sleep(_long);
            scene.A.Link.SetCarrier(true);
        });
        foreach (string[] neighbour in neighbours) SetNeighbour(neighbour, "reachable");
        figures.ShouldBeInOrder();
        scene.ShouldRecover();
    }

    [Fact]
    public void An_interface_that_is_made_anew_is_taken_for_the_one_before()
    {
        FaultFigures figures = scene.During(scene.A.ReplaceUnderlayInterface);
        figures.ShouldBeInOrder();
        scene.ShouldRecover();
    }

    // Address and link-layer address of each.
    private string[][] Neighbours() =>
    [
        .. scene.A.Run("ip", "neigh", "show", "dev", "eth0").EnsureSuccess().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' '))
            .Where(static words => words.Length > 2 && words[1] == "lladdr").Select(static words => new[] { words[0], words[2] }),
    ];

    private void SetNeighbour(string[] neighbour, string state) =>
        scene.A.Ip($"neigh replace {neighbour[0]} lladdr {neighbour[1]} dev eth0 nud {state}");
}
