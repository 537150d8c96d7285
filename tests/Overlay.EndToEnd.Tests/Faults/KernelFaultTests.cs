namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>Another program takes away what the daemon has made in the kernel.</summary>
[Collection(FaultScenes.Name)]
public class KernelFaultTests(FaultScene scene)
{
    [Fact]
    public void A_TUN_that_is_deleted_ends_the_daemon_and_the_next_start_has_it_again()
    {
        FaultFigures figures = scene.During(() =>
        {
            scene.A.Ip("link delete overlay.1");
            scene.Daemon.WaitForExit(TimeSpan.FromSeconds(10)).ShouldBeTrue();
            scene.Daemon.ExitCode.ShouldBe(1, "a service manager starts it again");
            scene.StartDaemon();
        });
        figures.ShouldBeInOrder();
        scene.ShouldRecover();
    }

    [Fact]
    public void Routes_that_are_flushed_come_back()
    {
        FaultFigures figures = scene.During(() =>
        {
            foreach (string family in new[] { "-4", "-6" })
            {
                scene.A.Run("ip", family, "route", "flush", "proto", "79").EnsureSuccess();
                scene.A.Run("ip", family, "route", "flush", "dev", "overlay.1").EnsureSuccess();
            }
        });
        figures.ShouldBeInOrder();
        scene.ShouldRecover();
    }

    [Fact]
    public void Rules_that_are_flushed_come_back_and_no_packet_between_pods_is_lost()
    {
        string before = Rules();
        before.ShouldContain("masquerade");
        scene.During(() => scene.A.Run("nft", "flush", "ruleset").EnsureSuccess()).ShouldHaveLostNothing();
        Waiting.For(() => Rules() == before);
        scene.ShouldRecover();
    }

    private string Rules() => string.Concat(new[] { "ip", "ip6" }.Select(family =>
        scene.A.Run("nft", "-s", "list", "table", family, "overlay-1").Output));
}
